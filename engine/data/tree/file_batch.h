/// Files of the user, read, cut into chunks and hashed. Inside the room.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "data/tree/folder_scan.h"
#include "ground/error.h"
#include "ground/id.h"

namespace millgate {

/// A chunk of a file that was read.
struct ReadChunk {
  Id id;
  std::string_view bytes;
};

/// A file that was read.
struct ReadFile {
  FoundFile file;  ///< As it was when it was opened.
  Id content;
  std::vector<ReadChunk> chunks;  ///< Of a short file; they live as long as it is taken.
};

/// Takes a chunk of a long file.
using TakeChunk = std::function<Status(const ReadChunk& chunk)>;
/// Takes a file: a short one with its chunks, a long one without them, after its last chunk.
using TakeFile = std::function<Status(const ReadFile& file)>;

/// Reads and hashes `files` in as many threads as there are cores; chunks and files are taken in
/// the order of `files`, in the thread of the caller, while the next ones are being read. Memory:
/// some batches of 8 MiB. Errors: `not_found`; `outside`; `conflict` when a file changes while it
/// is read; those of the takers.
[[nodiscard]] Status read_files(const std::string& folder,
                                const std::vector<const FoundFile*>& files,
                                const TakeChunk& take_chunk, const TakeFile& take_file);

}  // namespace millgate
