// UploadState: the facts about a resumable upload that the server keeps beside its bytes. Pure.
//
// The state is a text in the form of a request head: a PUT of the target's name with those fields
// of the first request that count at the end (conditions, digests, modification time), and with
// fields for the server itself. It is written and read by the writer and the parser of requests, so
// that the conditions are evaluated at the end by the functions that evaluate those of every PUT.
// Covered by tests/server/plan/upload_state_test.cc and fuzz/upload_state_fuzzer.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "apps/server/plan/facts.h"
#include "parser/message.h"

namespace server {

struct UploadState {
  std::string_view leaf;                // the last name of the target, decoded
  std::optional<std::uint64_t> length;  // of the whole upload, where a request has sent it
  // The boot of the machine in which the bytes were written, where they are not synced: after
  // another boot the size of the file may not be that of its bytes. Empty: they are synced.
  std::string_view boot;
  std::size_t parents = 0;  // the number of directories above the target that the upload has made
  // The published file; is_complete with a file of bytes that still exists means that it is about
  // to be published.
  bool is_complete = false;
  bool is_created = false;  // the answer is 201 and not 204
  FileFacts facts;
};

// The largest state. A first request whose fields make it larger is refused.
inline constexpr std::size_t most_state_bytes = 32 * 1024;

// Writes the state into `buffer`, of most_state_bytes, with the fields of `origin`: the first
// request, or the head of an earlier state. Returns a view of it; empty if it does not fit.
std::string_view write_upload_state(const UploadState& state, const http1::RequestHead& origin,
                                    std::span<char> buffer);

// Reads a state. `head` becomes that of the PUT, and views `text`; `buffer`, of path_buffer_bytes,
// receives the leaf. False: the text is no whole state.
bool read_upload_state(std::string_view text, http1::RequestHead& head, std::span<char> buffer,
                       UploadState& state);

}  // namespace server
