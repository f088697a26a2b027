// --verify: the comparison of files with their SHA-256.
//
// A download is hashed while it is written; bytes of an earlier run are read once. An upload is
// hashed before it is sent, and its digest goes with it, so that the server can refuse other bytes.
// RFC 9530. Covered by tests/client/jobs/verify_test.cc and
// tests/end_to_end/client_verifies_test.cc.
#pragma once

#include <optional>
#include <string>

#include "apps/client/command/exit_code.h"
#include "apps/client/command/plan.h"
#include "apps/client/command/sha256.h"
#include "apps/client/command/url.h"
#include "apps/client/jobs/upload.h"
#include "apps/client/local/output_file.h"
#include "apps/client/net/channel.h"
#include "uring/task.h"

namespace client {

// Notes the digest of a download, `expected`, that its response announces, before its body is read.
// `begins`: it is the whole file, and an earlier digest was that of another version. Fails with
// digest_mismatch where none is known then.
[[nodiscard]] ExitCode note_digest(Channel& channel, const Url& where, bool begins,
                                   std::optional<Sha256>& expected);

// Hashes the first output.size bytes of the output, as far as they have not been hashed while
// they were written; not for a stream. Fails with write_error.
[[nodiscard]] uring::Task<ExitCode> hash_output(Channel& channel, OutputFile& output);

// Compares the complete file of a download with its digest, if there is one: the output, or, where
// that is not open, the file of the job. Fails with digest_mismatch, and for a file that cannot be
// read with write_error.
[[nodiscard]] uring::Task<ExitCode> verify_download(Channel& channel, const Job& job,
                                                    OutputFile& output,
                                                    const std::optional<Sha256>& expected);

// Computes the digest of the input, up.digest, and compares it with the one that --verify names.
// Fails with digest_mismatch, and with read_error for a stream.
[[nodiscard]] uring::Task<ExitCode> digest_input(Upload& up);

// Compares the digest that the response to an upload announces with the one that was sent.
// `is_confirmed`: they are equal; false without a failure: the response announces none.
[[nodiscard]] ExitCode check_stored(Upload& up, const Url& where, bool& is_confirmed);

// Fails with digest_mismatch if the refusal in channel.head says that the server has received other
// bytes, and else as the refusal does, whose reason is in channel.error. Reads the body.
[[nodiscard]] uring::Task<ExitCode> explain_refusal(Channel& channel, const Url& where);

}  // namespace client
