// The head of a response: from a Plan to bytes. Pure.
//
// Covered by tests/server/plan/head_test.cc.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "apps/server/plan/plan.h"
#include "parser/write.h"

namespace server {

// The time at which a head is written: the caller's clock, so that this wing reads none.
struct HeadTime {
  std::int64_t seconds = 0;  // Unix time
  std::string_view date;     // the IMF-fixdate of `seconds`, RFC 9110 section 5.6.7
};

// Writes ETag and Last-Modified of `facts` at the Unix time `now`.
void write_facts(FileFacts facts, std::int64_t now, http1::HeadWriter& writer);

// Writes the response's head into `buffer`. Returns how many bytes it has; 0 if it does not fit.
std::size_t write_head(const Plan& plan, HeadTime time, std::span<char> buffer);

}  // namespace server
