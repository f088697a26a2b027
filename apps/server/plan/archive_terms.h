// Archives of directories: which request asks for one, and the fields of its response. Pure.
//
// "?tar" and "?zip" behind the path of a directory ask for an archive; so do "?tar=" and "?zip=",
// which a button of a form sends. Covered by tests/server/plan/archive_terms_test.cc and
// fuzz/archive_terms_fuzzer.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace server {

enum class ArchiveFormat : std::uint8_t { none, tar, zip };

// The format that the query of a request, without "?", asks for.
ArchiveFormat archive_format(std::string_view query);

// The name of the directory `path` (as Intent::path), in its archive and of the archive; empty for
// the root.
std::string_view archive_name(std::string_view path);

// The bytes of archive_lines(), at most.
inline constexpr std::size_t most_archive_lines_bytes = 1024;

// Writes the field lines of a response with an archive of the directory `path` into `buffer`, of
// most_archive_lines_bytes: Content-Disposition with a file name that no client can take for a path
// (RFC 6266; RFC 8187 for names that are not plain ASCII), Accept-Ranges, and
// X-Content-Type-Options. A long name is cut.
std::string_view archive_lines(ArchiveFormat format, std::string_view path, std::span<char> buffer);

// A constant.
std::string_view archive_type(ArchiveFormat format);

}  // namespace server
