// Listing: the entries of a directory, as an HTML page or as JSON. Pure: read/list_directory.cc
// reads the directory.
//
// Entries are kept in runs of bounded size, each sorted when it is full. The runs are merged while
// they are written, so that no step takes long, however large the directory is. Each row is written
// twice: first to measure it, so that the length is known before the first byte is sent, and the
// page is never in memory as a whole. A listing contains the names that GET would serve. The frame
// of the page and its rows are in directory_page.h. Covered by tests/server/pages/listing_test.cc
// and fuzz/listing_fuzzer.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apps/server/pages/directory_page.h"
#include "apps/server/pages/generated.h"
#include "apps/server/pages/order.h"
#include "parser/message.h"

namespace server {

enum class ListingFormat : std::uint8_t { html, json };

// The format that a request asks for: JSON by "?json", or where Accept gives it a higher weight
// than HTML.
ListingFormat listing_format(const http1::RequestHead& head);

// Says whether a request can have this name in its path: decide() refuses control bytes.
bool is_listable(std::string_view name);

// The things that a listing depends on, beside its entries.
struct ListingTerms {
  ListingFormat format = ListingFormat::html;
  std::string_view path = ".";  // of the directory, as Intent::path; "." is the root
  ListingOrder order;           // of a page
  PageRights rights;            // of the asker, shown by a page
};

class Listing : public Generated {
 public:
  // Entries of a run, and bytes of all their names (32 bytes a name). A run takes 28 KiB.
  static constexpr std::size_t run_entries = 512;
  static constexpr std::size_t run_name_bytes = 16384;
  // Runs of one listing: half a million entries in 28 MiB.
  static constexpr std::size_t most_runs = 1024;
  // Runs of all listings of one worker, apart from the first run of each.
  static constexpr std::size_t most_runs_at_once = 2048;

  // A listing of a directory; copies the path. `runs_in_use` counts the runs of all listings of a
  // worker and outlives them.
  Listing(const ListingTerms& terms, std::size_t& runs_in_use);
  ~Listing() override;

  enum class Added : std::uint8_t {
    fine,
    too_many,  // this listing has most_runs
    busy,      // all listings together have most_runs_at_once, or memory is exhausted
  };
  // Adds an entry, for which is_listable() holds. Copies its name.
  Added add(const Entry& entry);

  // To be called after the last add() and before any member below. False: memory is exhausted.
  [[nodiscard]] bool finish();

  std::uint64_t length() const { return length_; }  // bytes of the content
  std::string_view content_type() const;
  bool is_page() const { return format_ == ListingFormat::html; }
  // A weak entity tag with its quotes, without "W/": a hash of all entries that does not depend on
  // their order.
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
  Run* run_for(const Entry& entry, Added& added);
  void sort(Run& run) const;
  bool comes_later(std::size_t left, std::size_t right) const;
  std::size_t write_row(const Entry& entry, bool is_first, std::span<char> space) const;
  bool frame();
  std::size_t write_next_row(std::span<char> space);
  std::size_t write_text(std::span<char> space);

  ListingFormat format_;
  std::string path_;
  ListingOrder order_;
  PageRights rights_;
  std::size_t& runs_in_use_;
  std::vector<std::unique_ptr<Run>> runs_;
  // Indices of the runs that have entries left; the run with the next entry is at the front.
  std::vector<std::size_t> heap_;
  std::uint64_t length_ = 0;
  std::uint64_t hash_;
  std::array<char, 18> tag_{};
  DirectorySum sum_;
  DirectoryFrame frame_;
  // The texts around the rows, the last of which follows them; each is cut as it is written.
  std::array<std::string_view, 4> texts_;
  std::size_t next_text_ = 0;
  bool is_first_ = true;  // no row has been written
};

}  // namespace server
