export const data = "served as a script";
