// Refusals: connections that were closed before their first request, and requests with wrong
// credentials, for the messages on standard error. The former have no line in the access log,
// because there is no request.
//
// A flood of them must not fill a journal: in each second, the first ten of a reason are kept with
// their address, and the others are counted. Workers record, which never waits for a terminal or a
// pipe; the main thread prints. Covered by tests/server/listen/refusals_test.cc and
// tests/end_to_end/proxy_test.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "apps/server/plan/peer.h"
#include "uring/mutex.h"

namespace server {

class Refusals {
 public:
  enum class Reason : std::uint8_t {
    malformed_proxy_header,
    missing_proxy_header,  // it begins with something else
    late_proxy_header,
    wrong_credentials,  // of a request, whose connection may go on
    throttled,          // a request of an address that has failed too often
    plain_http,         // on a port for TLS
    malformed_tls,      // or without a version or a cipher that both sides have
    late_tls,           // the handshake took too long
    refused_tls,        // by the client, with an alert
    // The certificate of the client.
    missing_certificate,
    expired_certificate,
    revoked_certificate,
    unknown_authority,     // none of --tls-client-ca has signed it
    unlisted_authority,    // --tls-crl has no list of its authority
    expired_revocations,   // that list has expired
    unusable_certificate,  // it is not for clients, or is malformed
  };
  static constexpr std::size_t reason_count = 16;
  static constexpr std::size_t most_named = 10;  // of a reason in each second

  struct Report {
    std::array<Peer, most_named> peers;  // recorded since the last report
    std::size_t named = 0;               // the number of them
    std::uint64_t others = 0;            // further ones, of a second that is over
  };

  // Adds 1 to the event descriptor `event`, which outlives this object, when there is something to
  // report. To be called before the threads start.
  void notify(int event) { event_ = event; }

  // Times are in microseconds of the monotonic clock. Safe on every thread.
  void record(const Peer& peer, Reason reason, std::int64_t now_us) EXCLUDES(mutex_);
  // The connections that were recorded with that reason since the last call.
  Report take(Reason reason, std::int64_t now_us) EXCLUDES(mutex_);
  // The time until the number of further ones is known, in milliseconds, rounded up; -1: there are
  // none.
  int left_ms(std::int64_t now_us) EXCLUDES(mutex_);

 private:
  // The current second of a reason.
  struct Window {
    std::int64_t begin_us = 0;
    std::size_t recorded = 0;  // in this second
    Report report;             // of this second and of earlier ones, not yet taken
    std::uint64_t others = 0;  // of this second, beyond most_named
  };

  int event_ = -1;
  uring::Mutex mutex_;
  std::array<Window, reason_count> windows_ GUARDED_BY(mutex_){};
};

// The thing that was refused: a connection or a request.
const char* subject_of(Refusals::Reason reason);
// The reason as the end of a sentence about it.
const char* describe(Refusals::Reason reason);

}  // namespace server
