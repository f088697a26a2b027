// The queue of passwords, and the threads that check them. Read begin() first. Covered by
// tests/server/auth/verifier_test.cc and tests/end_to_end/auth_test.cc.
#include "apps/server/auth/verifier.h"

#include <algorithm>
#include <cerrno>
#include <crypt.h>
#include <cstring>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>
#include <utility>

#include "uring/event.h"
#include "uring/monotonic.h"

namespace server {

namespace {

static_assert(CRYPT_OUTPUT_SIZE <= 384);
static_assert(most_secret_bytes < CRYPT_MAX_PASSPHRASE_SIZE);

constexpr int no_event = -1;

std::uint64_t random_word() {
  std::uint64_t word = 0;
  return ::getrandom(&word, sizeof word, 0) == sizeof word ? word : 0x9e3779b97f4a7c15;
}

// Whether `password` has the hash `setting`. A result that begins with an asterisk is a failure of
// crypt(3), which no hash may equal.
bool is_right(const char* password, const char* setting, crypt_data& data) {
  const char* const hash = ::crypt_r(password, setting, &data);
  return hash && hash[0] != '*' && crypto::equal_secrets(std::string_view(hash), setting);
}

}  // namespace

Verifier::Verifier(unsigned most_threads)
    : throttle_(random_word()), pool_(most_threads, most_queued) {
  const uring::MutexLock lock(mutex_);
  for (Job& job : jobs_) job.owner = this;
}

options::ExitReason Verifier::start() {
  const ssize_t drawn = ::getrandom(secret_.data(), secret_.size(), 0);
  if (drawn == static_cast<ssize_t>(secret_.size())) return {};
  return {EX_OSERR, "the system has no random bytes, which --users and --tokens need"};
}

// --- On the thread of a worker ---

// A token is 32 random bytes, so that one SHA-256 suffices for it.
bool Verifier::is_token(const Accounts& accounts, const Credentials& credentials,
                        Check& check) const {
  crypto::Sha256 digest{};
  if (accounts.tokens() == 0 || !crypto::sha256(credentials.secret, digest)) return false;
  const std::string* const owner = accounts.owner_of(digest);
  if (!owner) return false;
  check.verdict = Verdict::right;
  check.name = *owner;
  return true;
}

bool Verifier::key_of(const Credentials& credentials, std::string_view setting,
                      crypto::Sha256& key) const {
  std::array<char, credentials_buffer_bytes + sizeof Job::setting + 2> text;
  char* end = std::copy(credentials.user.begin(), credentials.user.end(), text.data());
  *end++ = '\0';
  end = std::copy(credentials.secret.begin(), credentials.secret.end(), end);
  *end++ = '\0';
  end = std::copy(setting.begin(), setting.end(), end);
  const std::span<char> used(text.data(), end);
  const bool is_made = crypto::hmac_sha256(secret_, {used.data(), used.size()}, key);
  crypto::wipe(used);
  return is_made;
}

void Verifier::begin(const Accounts& accounts, const Credentials& credentials,
                     std::optional<std::uint64_t> address, Check& check) {
  check = {};
  if (is_token(accounts, credentials, check)) return;
  const bool is_basic = credentials.scheme == Credentials::Scheme::basic;
  if (!is_basic || accounts.users() == 0) return refuse(address, check);
  const std::string* const own = accounts.hash_of(credentials.user);
  std::string_view setting;
  if (own) {
    setting = *own;
  } else {
    crypto::Sha256 choice{};
    if (!crypto::hmac_sha256(secret_, credentials.user, choice)) {
      check.verdict = Verdict::busy;
      return;
    }
    std::uint64_t number = 0;
    std::memcpy(&number, choice.data(), sizeof number);
    setting = accounts.decoy(number);
  }
  judge(credentials, setting, own != nullptr, address, check);
  check.name = credentials.user;
}

void Verifier::judge(const Credentials& credentials, std::string_view setting, bool is_known,
                     std::optional<std::uint64_t> address, Check& check) {
  crypto::Sha256 key{};
  check.verdict = Verdict::busy;
  const bool is_made = key_of(credentials, setting, key);
  const std::int64_t now_ms = uring::monotonic_ms();
  const uring::MutexLock lock(mutex_);
  if (is_made && cache_.has(key, now_ms)) {
    check.verdict = Verdict::right;
    ++counts_.cached;
    return;
  }
  Job* job = is_made ? find_job(key) : nullptr;
  if (job) return await(*job, check);
  job = is_made ? free_job() : nullptr;
  if (!job) return;
  if (address) check.retry_ms = throttle_.charge(*address, now_ms);
  if (check.retry_ms > 0) {
    check.verdict = Verdict::throttled;
    return;
  }
  job->key = key;
  job->is_known = is_known;
  job->address = address;
  await(*job, check);
  if (check.verdict == Verdict::pending && enqueue(credentials, setting, *job)) return;
  if (check.verdict == Verdict::pending) leave(check);
  if (address) throttle_.refund(*address);
}

void Verifier::refuse(std::optional<std::uint64_t> address, Check& check) {
  const std::int64_t now_ms = uring::monotonic_ms();
  const uring::MutexLock lock(mutex_);
  if (address) check.retry_ms = throttle_.charge(*address, now_ms);
  check.verdict = check.retry_ms > 0 ? Verdict::throttled : Verdict::wrong;
}

Verifier::Job* Verifier::find_job(const crypto::Sha256& key) {
  auto* const found = std::find_if(jobs_.begin(), jobs_.end(), [&key](const Job& job) {
    return !job.is_free && crypto::equal_secrets(job.key, key);
  });
  return found == jobs_.end() ? nullptr : found;
}

Verifier::Job* Verifier::free_job() {
  auto* const found =
      std::find_if(jobs_.begin(), jobs_.end(), [](const Job& job) { return job.is_free; });
  return found == jobs_.end() ? nullptr : found;
}

// Gives the job to the pool, whose own event has no reader. False: too many passwords wait already,
// or there can be no thread.
bool Verifier::enqueue(const Credentials& credentials, std::string_view setting, Job& job) {
  const std::string_view password = credentials.secret;
  job.password[password.copy(job.password.data(), job.password.size() - 1)] = '\0';
  job.setting[setting.copy(job.setting.data(), job.setting.size() - 1)] = '\0';
  job.is_free = !pool_.give(job, no_event);
  if (job.is_free) crypto::wipe(job.password);
  return !job.is_free;
}

// Lets `check` wait for the job. Without an event descriptor the verdict is `busy`.
void Verifier::await(Job& job, Check& check) {
  check.event = ::eventfd(0, EFD_CLOEXEC);
  check.verdict = check.event >= 0 ? Verdict::pending : Verdict::busy;
  if (check.event >= 0) check.next = std::exchange(job.checks, &check);
}

// Lets a pending check wait no longer.
void Verifier::leave(Check& check) {
  check.verdict = Verdict::busy;
  for (Job& job : jobs_) {
    Check** link = &job.checks;
    while (*link && *link != &check) link = &(*link)->next;
    if (*link) *link = check.next;
  }
  ::close(std::exchange(check.event, -1));
}

// A check is still pending here if its event could not be read.
void Verifier::finish(Check& check) {
  const uring::MutexLock lock(mutex_);
  if (check.verdict == Verdict::pending) leave(check);
  if (check.event >= 0) ::close(std::exchange(check.event, -1));
}

// --- On the threads of the pool ---

// Sets the verdict of the next check that waits for the job, frees the job with the last one, and
// returns a copy of the check's event, which lasts when the check is destroyed. -1: there was no
// check, or no descriptor for the copy, in which case the event is signalled here.
int Verifier::judge_next(Job& job, Verdict verdict) {
  int event = no_event;
  if (Check* const check = job.checks; check) {
    job.checks = check->next;
    check->verdict = verdict;
    event = ::fcntl(check->event, F_DUPFD_CLOEXEC, 0);
    if (event < 0) uring::signal_event(check->event);
  }
  job.is_free = !job.checks;
  return event;
}

// A loop that is woken takes the lock at once, and often on this CPU: it would wait for this thread
// to run again and release the lock. So events are signalled without it.
void Verifier::complete(Job& job, bool is_right_password) {
  const bool is_verified = is_right_password && job.is_known;
  const std::int64_t now_ms = uring::monotonic_ms();
  {
    const uring::MutexLock lock(mutex_);
    crypto::wipe(job.password);
    ++counts_.computed;
    if (is_verified) {
      cache_.add(job.key, now_ms);
      if (job.address) throttle_.refund(*job.address);
    }
  }
  bool is_free = false;
  while (!is_free) {
    int event = no_event;
    {
      const uring::MutexLock lock(mutex_);
      event = judge_next(job, is_verified ? Verdict::right : Verdict::wrong);
      is_free = job.is_free;
    }
    if (event < 0) continue;
    uring::signal_event(event);
    ::close(event);
  }
}

void Verifier::Job::run() noexcept {
  crypt_data data{};  // 32 KiB
  owner->complete(*this, server::is_right(password.data(), setting.data(), data));
}

}  // namespace server
