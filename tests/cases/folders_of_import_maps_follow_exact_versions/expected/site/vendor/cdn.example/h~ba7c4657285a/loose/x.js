import "dep";
