export const c="color 0.3.2";
