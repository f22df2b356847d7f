// What is not finished yet lies beside its place as "PATH.partial-PID" and is locked by whoever writes it, so
// that what a dead process left can be told from what a living one is at: numbers of processes come again,
// and mean nothing to another container on the same disk.
#pragma once

#include <filesystem>

namespace quire {

// Where this process makes what will be `path`.
[[nodiscard]] std::filesystem::path partial_path(const std::filesystem::path& path);

// Removes what dead processes left of `path`, as far as it may.
void remove_abandoned(const std::filesystem::path& path) noexcept;

// Opens a partial file for writing, empty and locked until it is closed. Throws Error when another process
// holds it, and when the disk fails; messages name `path`, what the file will be.
[[nodiscard]] int open_partial_file(const std::filesystem::path& partial, const std::filesystem::path& path);
// The same for a directory, which it creates. What a dead process left in it is removed first.
[[nodiscard]] int open_partial_directory(const std::filesystem::path& partial,
                                         const std::filesystem::path& path);

// A rename is durable only once its directory is.
void sync_directory(const std::filesystem::path& directory);

// fsync where there is something to sync: not on a read-only file system, or on one without it. errno's
// value, or 0.
[[nodiscard]] int sync_descriptor(int descriptor);

}  // namespace quire
