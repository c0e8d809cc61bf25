registerPaint("dots", class {});
