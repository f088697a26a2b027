// The state of a download, from its first request to its end.
//
// Used by download.cc, ranges.cc and get.cc. Covered by tests/client/jobs/get_test.cc,
// resume_test.cc and ranges_test.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "apps/client/command/gaps.h"
#include "apps/client/command/plan.h"
#include "apps/client/command/sha256.h"
#include "apps/client/command/transfer.h"
#include "apps/client/local/output_file.h"
#include "apps/client/net/channel.h"

namespace client {

struct Download {
  Download(Channel& way, const Job& wish)
      : channel(way), job(wish), connections(wish.connections) {}

  uring::Frames frames() const { return channel.frames(); }

  Channel& channel;
  const Job& job;
  unsigned connections;  // that may get ranges of the file at once
  Transfer transfer = {};
  OutputFile output = {};  // open from the first body on, or from find_beginning() on
  // The parts that are missing, while the file is put together from ranges. transfer.held and
  // output.size are then the bytes that are there, which need not be the first ones.
  std::optional<Gaps> gaps = {};
  bool resumes = true;                  // false: -H decides about ranges, so quoit does not
  std::optional<Sha256> expected = {};  // for --verify, once it is known
  bool saves = true;        // false: there is nothing to save, since the file has not changed
  std::uint64_t found = 0;  // bytes that an earlier run left
  Outcome outcome = {};     // of the last request
  std::optional<Failure> failure = {};  // of another channel than `channel`
  std::string pace = {};                // of the last body, for people, as " in 0:12, 1.2 MiB/s"
};

}  // namespace client
