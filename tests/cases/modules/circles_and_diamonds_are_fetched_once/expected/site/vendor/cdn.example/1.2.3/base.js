export const base = await Promise.resolve("base");
