// my own patched copy
