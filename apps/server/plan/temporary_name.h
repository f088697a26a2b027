// The names of temporary files, under which uploads are written before they are published. Pure.
//
// A temporary is never served, listed or overwritten by a request, and the sweep of the next server
// removes those that a killed server left. Covered by tests/server/plan/temporary_name_test.cc.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace server {

inline constexpr std::string_view temporary_prefix = ".quoit-";

// NUL-terminated: temporary_prefix, 16 hexadecimal digits, ".tmp".
using TemporaryName = std::array<char, 32>;

// The temporary name with these random bits. Unique only as far as the bits are: files are created
// with O_EXCL.
TemporaryName temporary_name(std::uint64_t random);

// Says whether `name` is the whole name of a temporary file.
bool is_temporary(std::string_view name);

}  // namespace server
