(function () { var root = document.currentScript.src.replace(/[^/]*$/, ""); window.MathJaxRoot = root; })();
