// Making, replacing and finding keys. Covered by tests/crypto/ticket_keys_test.cc.
#include "apps/crypto/ticket_keys.h"

#include <algorithm>
#include <cstring>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <sys/stat.h>

#include "apps/crypto/pem.h"
#include "apps/crypto/problem_text.h"

namespace crypto {

static_assert(sizeof(TicketKey) == TicketKey::bytes);

namespace {

bool make_random(TicketKey& key) {
  return RAND_priv_bytes(reinterpret_cast<unsigned char*>(&key), sizeof key) == 1;
}

}  // namespace

std::shared_ptr<TicketKeys> TicketKeys::make() {
  TicketKey key;
  if (!make_random(key)) return nullptr;
  std::shared_ptr<TicketKeys> made(new TicketKeys);
  made->is_random_ = true;
  // One key for each period that a ticket's lifetime touches, and the current one: rotate() then
  // allocates nothing.
  made->keys_.reserve(static_cast<std::size_t>(lifetime_s / period_s) + 2);
  made->keys_.push_back(key);
  OPENSSL_cleanse(&key, sizeof key);
  return made;
}

std::shared_ptr<TicketKeys> TicketKeys::read(const std::string& path, Problem& problem) {
  std::string bytes;
  problem = read_file(path, Problem::Kind::tickets, bytes);
  if (problem) return nullptr;
  const std::size_t count = bytes.size() / TicketKey::bytes;
  if (count == 0 || count > most_keys || bytes.size() % TicketKey::bytes != 0) {
    problem = {Problem::Kind::tickets,
               path + " has " + std::to_string(bytes.size()) +
                   " bytes and must have 80 for each ticket key, and at most " +
                   std::to_string(most_keys) + " keys; make a key by 'openssl rand -out " + path +
                   " 80'"};
    return nullptr;
  }
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && (status.st_mode & 07) != 0) {
    problem = {Problem::Kind::tickets,
               "every user of this machine may use " + path +
                   ", which has secret keys; change that by 'chmod o= " + path + "'"};
    return nullptr;
  }
  std::shared_ptr<TicketKeys> made(new TicketKeys);
  made->keys_.resize(count);
  std::memcpy(made->keys_.data(), bytes.data(), bytes.size());
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return made;
}

TicketKeys::~TicketKeys() { OPENSSL_cleanse(keys_.data(), keys_.size() * sizeof(TicketKey)); }

// Replaces the current random key if it is older than a period, and removes those that no valid
// ticket can have. Without random bytes the keys stay.
void TicketKeys::rotate(std::int64_t now_s) {
  if (!is_random_) return;
  if (began_s_ < 0) began_s_ = now_s;
  const std::int64_t periods = (now_s - began_s_) / period_s;
  if (periods <= 0) return;
  TicketKey key;
  if (!make_random(key)) return;
  keys_.insert(keys_.begin(), key);
  OPENSSL_cleanse(&key, sizeof key);
  began_s_ += periods * period_s;
  // The key that was current a lifetime ago is the last one that is needed.
  constexpr std::size_t needed = static_cast<std::size_t>(lifetime_s / period_s) + 1;
  while (keys_.size() > needed) {
    OPENSSL_cleanse(&keys_.back(), sizeof(TicketKey));
    keys_.pop_back();
  }
}

TicketKey TicketKeys::current(std::int64_t now_s) {
  const std::lock_guard lock(mutex_);
  rotate(now_s);
  return keys_.front();
}

TicketKeys::Found TicketKeys::find(const unsigned char* name, std::int64_t now_s, TicketKey& key) {
  const std::lock_guard lock(mutex_);
  rotate(now_s);
  const auto found = std::find_if(keys_.begin(), keys_.end(), [name](const TicketKey& candidate) {
    return std::memcmp(candidate.name.data(), name, candidate.name.size()) == 0;
  });
  if (found == keys_.end()) return Found::none;
  key = *found;
  return found == keys_.begin() ? Found::current : Found::older;
}

bool TicketKeys::keys_equal(const TicketKeys& other) const {
  return !other.is_random_ && keys_.size() == other.keys_.size() &&
         CRYPTO_memcmp(keys_.data(), other.keys_.data(), keys_.size() * sizeof(TicketKey)) == 0;
}

}  // namespace crypto
