/*! lib 1.0.0
 * Copyright somebody, MIT */
more();
