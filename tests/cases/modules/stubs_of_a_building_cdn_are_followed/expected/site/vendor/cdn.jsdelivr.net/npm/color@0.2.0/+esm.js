export const c="color 0.2.0";
