// TicketKeys: the keys that session tickets are encrypted with, by which a client resumes a
// session.
//
// The server keeps no sessions: a ticket contains all of one, so that every worker, and every
// server with these keys, can resume it. Keys are made at random and replaced every 12 hours, or
// come from a file that several servers share. One TicketKeys lives as long as the process, and a
// reload uses it again, so that tickets survive a change of certificates. RFC 5077 section 4
// describes the format of tickets. Covered by tests/crypto/ticket_keys_test.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "apps/crypto/problem.h"

namespace crypto {

// One key. Its parts are in the order of the files of nginx and Apache.
struct TicketKey {
  static constexpr std::size_t bytes = 80;

  std::array<unsigned char, 16> name;      // in clear in each ticket, to find the key by
  std::array<unsigned char, 32> hmac_key;  // for HMAC-SHA-256
  std::array<unsigned char, 32> aes_key;   // for AES-256-CBC
};

// All functions may be called by every thread.
class TicketKeys {
 public:
  // A ticket can be used for so long.
  static constexpr std::int64_t lifetime_s = 24 * 60 * 60;
  // A random key encrypts new tickets for so long.
  static constexpr std::int64_t period_s = 12 * 60 * 60;
  // The most keys in a file.
  static constexpr std::size_t most_keys = 16;

  // Random keys. Null: the system has no random bytes.
  static std::shared_ptr<TicketKeys> make();
  // The keys of a file, 80 bytes each, of which the first one encrypts new tickets. A file that
  // others may read is a problem.
  static std::shared_ptr<TicketKeys> read(const std::string& path, Problem& problem);

  ~TicketKeys();
  TicketKeys(const TicketKeys&) = delete;
  TicketKeys& operator=(const TicketKeys&) = delete;

  // The key for a new ticket at `now_s`, a time in seconds of any clock that only grows. Replaces
  // random keys that are too old.
  TicketKey current(std::int64_t now_s);
  enum class Found : std::uint8_t { none, current, older };
  // Finds the key with that name. An older one: the client is to get a new ticket.
  Found find(const unsigned char* name, std::int64_t now_s, TicketKey& key);

  // Whether both have the keys of files, and these are equal.
  bool equals(const TicketKeys& other) const { return !is_random_ && keys_equal(other); }

 private:
  TicketKeys() = default;
  void rotate(std::int64_t now_s);
  bool keys_equal(const TicketKeys& other) const;

  std::mutex mutex_;  // guards all members that change: keys_ and began_s_
  // The first one encrypts. Random keys: it, and those before it that tickets may still have.
  std::vector<TicketKey> keys_;
  std::int64_t began_s_ = -1;  // since when the first one is in use; -1: not yet
  bool is_random_ = false;
};

}  // namespace crypto
