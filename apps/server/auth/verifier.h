// Verifier: whether a password is right, computed beside the loops.
//
// crypt(3) takes milliseconds to a quarter of a second by design, so that no loop may call it. Two
// threads check passwords from a queue of 64; beyond it a request gets a 503. Requests with equal
// credentials wait for one check, since a browser opens several connections at once. Right ones are
// cached (verified_cache.h), wrong ones are throttled by address (throttle.h). A user that does not
// exist is checked against the hash of another one, so that the time tells nothing.
//
// One for the process; all workers use it. docs/decisions/0025-passwords-and-tokens.md has the
// reasons. Covered by tests/server/auth/verifier_test.cc.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "apps/crypto/digest.h"
#include "apps/options/exit_reason.h"
#include "apps/server/auth/accounts.h"
#include "apps/server/auth/throttle.h"
#include "apps/server/auth/verified_cache.h"
#include "apps/server/plan/credentials.h"
#include "uring/mutex.h"
#include "uring/work_threads.h"

namespace server {

class Verifier {
 public:
  static constexpr unsigned threads = 2;
  static constexpr std::size_t most_queued = 64;

  enum class Verdict : std::uint8_t {
    pending,  // finish() gives the verdict, once Check::event was readable
    right,    // Check::name is the name of the asker
    wrong,
    throttled,  // not checked: this address has failed too often; Check::retry_ms
    busy,       // not checked: the queue is full, or the process lacks memory or descriptors
  };

  // The check of the credentials of one request. The caller keeps it at one address while it is
  // pending.
  struct Check {
    Verdict verdict = Verdict::wrong;  // another thread may set it while there is an event
    int event = -1;  // an event descriptor, until finish() closes it; -1: the verdict is there
    std::string_view name;      // of the accounts or the credentials that were given
    std::int64_t retry_ms = 0;  // of Verdict::throttled
    Check* next = nullptr;      // in the list of a job
  };

  struct Counts {
    std::atomic<std::uint64_t> cached = 0;    // right credentials that were found in the cache
    std::atomic<std::uint64_t> computed = 0;  // calls of crypt(3)
  };

  // Checks passwords on at most `most_threads`; with 0, none is ever checked.
  explicit Verifier(unsigned most_threads = threads);
  Verifier(const Verifier&) = delete;
  Verifier& operator=(const Verifier&) = delete;

  // Draws the key of the HMACs, before the first check. Fails where the system has no random bytes.
  [[nodiscard]] options::ExitReason start();

  // Checks `credentials`; `address` is that of the client, if it has one. `accounts` and
  // `credentials` may go before the verdict. Does not wait. Safe on every thread.
  void begin(const Accounts& accounts, const Credentials& credentials,
             std::optional<std::uint64_t> address, Check& check) EXCLUDES(mutex_);
  // To be called once the event of a pending check was read, or could not be read: closes it, and
  // the verdict is there.
  void finish(Check& check) EXCLUDES(mutex_);
  // Charges malformed credentials to the address. Sets the verdict: wrong or throttled.
  void refuse(std::optional<std::uint64_t> address, Check& check) EXCLUDES(mutex_);

  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  // A password that is checked or waits for it.
  struct Job final : uring::Work {
    void run() noexcept override;

    Verifier* owner = nullptr;
    bool is_free = true;
    bool is_known = false;  // the user exists
    crypto::Sha256 key{};
    std::optional<std::uint64_t> address;
    std::array<char, most_secret_bytes + 1> password{};
    std::array<char, 384> setting{};  // the stored hash: CRYPT_OUTPUT_SIZE
    Check* checks = nullptr;          // that wait for it
  };

  bool is_token(const Accounts& accounts, const Credentials& credentials, Check& check) const;
  bool key_of(const Credentials& credentials, std::string_view setting, crypto::Sha256& key) const;
  Job* find_job(const crypto::Sha256& key) REQUIRES(mutex_);
  Job* free_job() REQUIRES(mutex_);
  bool enqueue(const Credentials& credentials, std::string_view setting, Job& job) REQUIRES(mutex_);
  void await(Job& job, Check& check) REQUIRES(mutex_);
  void leave(Check& check) REQUIRES(mutex_);
  void judge(const Credentials& credentials, std::string_view setting, bool is_known,
             std::optional<std::uint64_t> address, Check& check) EXCLUDES(mutex_);
  int judge_next(Job& job, Verdict verdict) REQUIRES(mutex_);
  void complete(Job& job, bool is_right) EXCLUDES(mutex_);

  crypto::Sha256 secret_{};  // the key of all HMACs, constant once start() was called
  Counts counts_;
  uring::Mutex mutex_;
  std::array<Job, most_queued + threads> jobs_ GUARDED_BY(mutex_);
  VerifiedCache cache_ GUARDED_BY(mutex_);
  Throttle throttle_ GUARDED_BY(mutex_);
  uring::WorkThreads pool_;  // ends first
};

}  // namespace server
