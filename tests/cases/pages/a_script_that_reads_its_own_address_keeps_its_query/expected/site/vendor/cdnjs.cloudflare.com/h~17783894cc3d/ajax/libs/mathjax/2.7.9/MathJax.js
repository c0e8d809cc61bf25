var scripts = document.getElementsByTagName('script');
