// The bytes of a version of a file, which follow from its number alone.
//
// Covered by tests/soak/content_test.cc.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "tests/soak/model.h"

namespace soak {

// The size is a part of the number, so that the number determines all bytes.
Version make_version(std::uint64_t serial, std::size_t size);
std::size_t size_of(Version version);

std::string content_of(Version version);

// Whether `bytes` are those of `version` from `offset` on; the version has at least that many.
bool is_part_of(Version version, std::size_t offset, std::string_view bytes);

}  // namespace soak
