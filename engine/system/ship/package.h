/// A model with the program that serves it, ready for another machine. docs/formats/package.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/store/object_store.h"
#include "ground/error.h"
#include "ground/id.h"
#include "model/artifact/model.h"
#include "model/release/registry.h"
#include "system/ship/file_tree.h"
#include "system/ship/running_program.h"

namespace millgate {

/// What is packed, and what is told of it.
struct Package {
  std::string name;  ///< Of the project, as a word: folder, service and image are called by it.
  Id model;
  std::string description;
  Serving release;  ///< How the model came to be live; its time is that of all files.
  std::string loader;
  FileTree files;   ///< Below the package's own folder.
  FileTree around;  ///< From the root on: what a system has and an image without one has not, the
                    ///< rules of time zones, where a feature asks for them.
  Id id;            ///< The hash of its SHA256SUMS, so of everything.
};

/// Adds all that `open_package` reads: the model alone, as it lies in a package of that release.
/// Errors: as ObjectStore::get.
[[nodiscard]] Status add_packed_model(const ObjectStore& objects, const Manifest& manifest,
                                      const Serving& serving, FileTree& files);

/// Puts together the program of this process and `serving.model`, whose `Model::load` the caller
/// has done (so that the libraries that it needs are loaded). Same program, model and release: same
/// bytes. Errors: as read_running_program and ObjectStore::get.
[[nodiscard]] Result<Package> make_package(const ObjectStore& objects, const Serving& serving);

/// Signs SHA256SUMS, and so everything, with the SSH key in the file `key`; SHA256SUMS.sig goes
/// along. Errors: as sign_with_key.
[[nodiscard]] Status sign_package(Package& package, const std::string& key);

/// Who of the allowed signers signed the unpacked package in `folder`.
/// Errors: `refused` when nobody of them did, the signature is over another package, or there is
/// none; as find_signer.
[[nodiscard]] Result<std::string> package_signer(const std::string& folder,
                                                 const std::string& signers_path);

/// The folder as a tar, with everything below `name`/.
[[nodiscard]] std::string package_tar(const Package& package);

/// What differs from SHA256SUMS in the unpacked package in `folder`: files that are changed,
/// missing, or there without being listed. Empty: whole. Errors: `not_found` without SHA256SUMS;
/// `damaged` when that cannot be read.
struct PackageFault {
  std::string path;
  std::string fault;  ///< "changed", "missing", "not listed".
};
[[nodiscard]] Result<std::vector<PackageFault>> verify_package(const std::string& folder);

/// The model of the unpacked package in `folder`; every part is checked against its hash.
/// Errors: `not_found` where no package is; `damaged` naming the part; `invalid_input` for a newer
/// format.
[[nodiscard]] Result<std::shared_ptr<const Model>> open_package(const std::string& folder);

}  // namespace millgate
