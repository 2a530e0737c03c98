/// The TOML library as the engine uses it: without exceptions. For .cc files of this room.
#pragma once

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>
