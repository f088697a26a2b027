// Listing: what stands in a directory, as a page or as JSON. Pure: who reads is list.cc.
//
// Entries are kept in runs of bounded size, each sorted when it is full; the runs are merged while
// they are written, so that no step takes long, however large the directory is. Each row is written
// twice, once to be measured, so that the length is known before the first byte leaves and the page
// never stands in memory as a whole. What is listed is what GET would answer.
// Covered by tests/server/pages/listing_test.cc and fuzz/listing_fuzzer.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apps/server/pages/generated.h"
#include "parser/message.h"

namespace server {

enum class ListingFormat : std::uint8_t { html, json };

// JSON by "?json", or where Accept likes it better than HTML.
ListingFormat listing_format(const http1::RequestHead& head);

struct Entry {
  std::string_view name;  // 1 to 255 bytes, of any encoding, without slash and control bytes
  std::uint64_t size = 0;
  std::int64_t mtime_seconds = 0;
  bool is_directory = false;
};

// Says whether a name can be asked for: a path with control bytes in it is refused.
bool is_listable(std::string_view name);

class Listing : public Generated {
 public:
  // A run has room for this many names of 32 bytes, and takes 28 KiB.
  static constexpr std::size_t run_entries = 512;
  static constexpr std::size_t run_name_bytes = 16384;
  // Of one directory: half a million entries in 28 MiB.
  static constexpr std::size_t most_runs = 1024;
  // Of all listings of one worker, beside the first run of each.
  static constexpr std::size_t most_runs_at_once = 2048;

  // Of the directory `name`, a view of which is not kept; "/" for the root, which has no way up.
  // `runs_in_use` counts the runs of all listings and outlives them.
  Listing(ListingFormat format, std::string_view name, std::size_t& runs_in_use);
  ~Listing() override;

  enum class Added : std::uint8_t {
    fine,
    too_many,  // more than one listing may have
    busy,      // more than all listings may have at once
  };
  Added add(const Entry& entry);

  // All entries are there. Before this nothing below has a meaning.
  void finish();

  std::uint64_t length() const { return length_; }  // bytes of the content
  std::string_view content_type() const;
  // A weak entity tag with its quotes, without "W/": of what is shown, whatever its order.
  std::string_view tag() const { return {tag_.data(), tag_.size()}; }

  std::size_t write(std::span<char> space) override;

 private:
  struct Stored {
    std::uint64_t size;
    std::int64_t mtime_seconds;
    std::uint32_t name_begin;  // in Run::names
    std::uint8_t name_bytes;
    bool is_directory;
  };
  struct Run {
    std::array<Stored, run_entries> entries;
    std::array<char, run_name_bytes> names;
    std::size_t count = 0;
    std::size_t name_bytes = 0;
    std::size_t next = 0;  // the first entry that is not yet written

    Entry entry(const Stored& stored) const;
  };
  enum class Stage : std::uint8_t { top, rows, bottom, end };

  Run* run_for(const Entry& entry, Added& added);
  static void sort(Run& run);
  bool comes_later(std::size_t left, std::size_t right) const;
  std::size_t write_row(const Entry& entry, bool is_first, std::span<char> room) const;
  std::size_t write_top(std::span<char> room) const;
  std::size_t write_bottom(std::span<char> room) const;
  std::size_t write_next(std::span<char> room);

  ListingFormat format_;
  std::string name_;
  std::size_t& runs_in_use_;
  std::vector<std::unique_ptr<Run>> runs_;
  std::vector<std::size_t> heap_;  // the runs that have entries left, the next one at the front
  std::uint64_t length_ = 0;
  std::uint64_t hash_;
  std::array<char, 18> tag_{};
  Stage stage_ = Stage::top;
  bool is_first_ = true;  // no row has been written
};

}  // namespace server
