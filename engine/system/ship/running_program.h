/// The program that runs, and the libraries that it has loaded: what a package carries.
#pragma once

#include <string>
#include <vector>

#include "ground/error.h"

namespace millgate {

/// One file of the program.
struct ProgramFile {
  std::string name;  ///< "libarrow.so.2600", as the loader asks for it.
  std::string bytes;
};

/// The program and all that it needs to start elsewhere.
struct RunningProgram {
  std::string folder;                  ///< Where it lies.
  std::string bytes;                   ///< Without what only a debugger reads.
  std::string loader;                  ///< Name of the one of `libraries` that starts programs.
  std::vector<ProgramFile> libraries;  ///< By name. The loader is among them.
};

/// Libraries are those in memory at this moment: of a program that has loaded the model to be
/// shipped they are the ones that serving it needs, and none that only training or queries do.
/// Errors: `outside` where a file cannot be read any more (the program was replaced while it ran).
[[nodiscard]] Result<RunningProgram> read_running_program();

/// An ELF file without the sections behind its last loaded byte (symbols, debug data), and without
/// the table of sections, which no loader reads. Anything else comes back as it is.
[[nodiscard]] std::string without_debug_data(std::string bytes);

}  // namespace millgate
