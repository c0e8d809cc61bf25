export const folder = "https://cdn.jsdelivr.net/npm/editor@1.2.3/min/vs";
