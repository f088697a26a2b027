// Download: a GET into a file from its first request to its end, and one of its requests.
//
// Covered by tests/client/jobs/get_test.cc and resume_test.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "apps/client/command/plan.h"
#include "apps/client/command/sha256.h"
#include "apps/client/command/transfer.h"
#include "apps/client/local/output_file.h"
#include "apps/client/net/channel.h"
#include "uring/task.h"

namespace client {

struct Download {
  Download(Channel& way, const Job& wish) : channel(way), job(wish) {}

  uring::Frames frames() const { return channel.frames(); }

  Channel& channel;
  const Job& job;
  Transfer transfer = {};
  OutputFile output = {};               // open from the first body on, or from find_beginning() on
  bool resumes = true;                  // false: -H decides about ranges, so quoit does not
  std::optional<Sha256> expected = {};  // for --verify, once it is known
  bool saves = true;        // false: there is nothing to save, since the file has not changed
  std::uint64_t found = 0;  // bytes that an earlier run left
  Outcome outcome = {};     // of the last request
  std::string pace = {};    // of the last body, for people, as " in 0:12, 1.2 MiB/s"
};

// Finds what an earlier run has left, or with --continue the file itself.
[[nodiscard]] uring::Task<> find_beginning(Download& download);

// Requests the file, or the rest of it, and takes what comes; download.outcome has the result,
// without its failure. Failures as exchange(), receive_body() and the functions of OutputFile, and:
// http_error for a response without a file, weird_reply and partial_file for one that does not
// continue the bytes.
[[nodiscard]] uring::Task<ExitCode> try_download(Download& download);

}  // namespace client
