window.editor = "main";
