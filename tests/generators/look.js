// What a visitor sees that scripts have made: asked in the page before and after it was vendored.
(() => {
  const count = selectors => document.querySelectorAll(selectors).length;
  let [images, components] = [0, 0];
  const enter = root => root.querySelectorAll("*").forEach(element => {
    images += element.matches("svg:has(*)");
    if (element.shadowRoot) {
      components += element.matches(":defined");
      enter(element.shadowRoot);
    }
  });
  enter(document);
  const fonts = [...document.fonts].filter(font => font.status === "loaded");
  return {
    loaded: document.readyState === "complete",
    formulas: count("mjx-container, .MathJax, .mjx-chtml, .MathJax_SVG, .katex"),
    refused: count("mjx-merror, .MathJax_Error, .katex-error"),
    fonts: [...new Set(fonts.map(font => font.family.replaceAll('"', "")))].sort(),
    images,
    components,
    coloured: count(".token, [class*=hljs-]"),
  };
})()
