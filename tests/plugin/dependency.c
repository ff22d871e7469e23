/* A library that a plugin is linked to. */
__attribute__((visibility("default"))) int dependency(void) { return 1; }
