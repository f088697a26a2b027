// The names of temporary files, under which uploads are written before they are published. Pure.
//
// A temporary is never served, listed or overwritten by a request, and the sweep of the next server
// removes those that a killed server left. The two files of a resumable upload, its bytes (.part)
// and its state (.state), stay until the upload is finished or has expired; a third name (.upload)
// is that of no file, but the last segment of the URL at which the upload goes on. Covered by
// tests/server/plan/temporary_name_test.cc.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace server {

inline constexpr std::string_view temporary_prefix = ".quoit-";

// NUL-terminated: temporary_prefix, 16 hexadecimal digits, ".tmp"; or the name of a file of a
// resumable upload.
using TemporaryName = std::array<char, 48>;

// The temporary name with these random bits. Unique only as far as the bits are: files are created
// with O_EXCL.
TemporaryName temporary_name(std::uint64_t random);

// Says whether `name` is the whole name of a temporary file.
bool is_temporary(std::string_view name);

// Identifies a resumable upload: 128 random bits in hexadecimal, which no client can guess.
struct UploadId {
  std::array<char, 32> digits{};

  std::string_view text() const { return {digits.data(), digits.size()}; }
  bool operator==(const UploadId&) const = default;
};
UploadId upload_id(std::uint64_t high, std::uint64_t low);

enum class UploadName : std::uint8_t { part, state, url };

// The name with that id: temporary_prefix, the id, and ".part", ".state" or ".upload".
TemporaryName name_of_upload(const UploadId& id, UploadName which);

// Says whether `name` is such a name, and sets `id`.
bool is_upload_name(std::string_view name, UploadName which, UploadId& id);

}  // namespace server
