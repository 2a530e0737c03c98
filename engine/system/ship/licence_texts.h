/// The licences of a program and of the libraries that it carries, as their owners ask to have them
/// along.
#pragma once

#include "ground/error.h"
#include "system/ship/file_tree.h"
#include "system/ship/running_program.h"

namespace millgate {

/// Adds below "licences/" a folder each for Millgate, for every library of `program`, and for what
/// is compiled in; and the texts that Debian's name. They lie beside the program, in
/// share/millgate/licences, or where a package has them. Errors: `outside` naming the library whose
/// licence is not there.
[[nodiscard]] Status add_licence_texts(const RunningProgram& program, FileTree& files);

}  // namespace millgate
