// make_generation(): makes of a Config the values that workers use, at the start and at a reload.
//
// Covered by tests/server/process/make_generation_test.cc.
#pragma once

#include <cstdint>
#include <memory>

#include "apps/server/config/config.h"
#include "apps/server/connection/generation.h"

namespace server {

// The generation of `config`, which was checked, after `before`; null: it is the first one. Reads
// /etc/mime.types where it exists. `files` is the limit of open files, from which the limit of
// connections follows where `config` has none. Throws std::bad_alloc.
std::shared_ptr<Generation> make_generation(const Config& config, std::uint64_t files,
                                            const Generation* before);

}  // namespace server
