/*! unlisted */
