// The calls of libarchive: archive_write(3), archive_entry(3). Covered by
// tests/server/archive/archive_writer_test.cc.
#include "apps/server/archive/archive_writer.h"

#include <algorithm>
#include <archive.h>
#include <archive_entry.h>
#include <cassert>
#include <new>

#include "parser/utf8.h"

namespace server {

namespace {

// The bytes of an entry in the directory of a zip beside its name: the header, the times and the
// owner, and what libarchive adds for itself.
constexpr std::size_t directory_entry_bytes = 96;

// Makes archives of this format with the least effort: level 1 is as fast as the disk of most
// machines.
bool set_format(archive* archive, ArchiveFormat format) {
  if (format == ArchiveFormat::tar) {
    return archive_write_set_format_pax_restricted(archive) == ARCHIVE_OK;
  }
  return archive_write_set_format_zip(archive) == ARCHIVE_OK &&
         archive_write_set_format_option(archive, "zip", "compression-level", "1") == ARCHIVE_OK;
}

// Appends a name as a zip can have it: UTF-8, as the flag of each entry says, and without
// backslashes, which programs on Windows take for slashes.
void append_for_zip(std::string_view path, std::string& text) {
  while (!path.empty()) {
    const std::size_t size = http1::utf8_length(path);
    if (size == 0)
      text += "\xef\xbf\xbd";
    else if (path.front() == '\\')
      text += '_';
    else
      text += path.substr(0, size);
    path.remove_prefix(std::max<std::size_t>(size, 1));
  }
}

}  // namespace

ArchiveWriter::ArchiveWriter(ArchiveFormat format)
    : format_(format), archive_(archive_write_new()), entry_(archive_entry_new()) {
  // Without the blocks of a tape, which would delay the output.
  const bool is_fine = archive_ && entry_ && set_format(archive_, format) &&
                       archive_write_set_bytes_per_block(archive_, 0) == ARCHIVE_OK &&
                       archive_write_open(archive_, this, nullptr, append, nullptr) == ARCHIVE_OK;
  if (is_fine) return;
  archive_write_free(archive_);
  archive_entry_free(entry_);
  throw std::bad_alloc();
}

// libarchive completes an archive that is not finished. append() refuses the zeros that the last
// file of a tar lacks, and drops the end of a zip, without which libarchive leaks the state of
// deflate. The archive is closed here, because archive_write_free() does not close one that has
// failed, and then leaks its buffers.
ArchiveWriter::~ArchiveWriter() {
  is_abandoned_ = true;
  archive_write_close(archive_);
  archive_write_free(archive_);
  archive_entry_free(entry_);
}

// No exception may pass through libarchive. Bytes for which there is no memory are dropped, and the
// archive has failed: libarchive itself would leak after a failure.
std::ptrdiff_t ArchiveWriter::append(struct archive* /*archive*/, void* self, const void* bytes,
                                     std::size_t size) {
  ArchiveWriter& writer = *static_cast<ArchiveWriter*>(self);
  if (writer.is_abandoned_ && writer.format_ == ArchiveFormat::tar) return ARCHIVE_FATAL;
  if (writer.is_abandoned_ || writer.has_failed_) return static_cast<std::ptrdiff_t>(size);
  try {
    const char* const begin = static_cast<const char*>(bytes);
    writer.bytes_.insert(writer.bytes_.end(), begin, begin + size);
  } catch (const std::bad_alloc&) {
    writer.has_failed_ = true;
  }
  return static_cast<std::ptrdiff_t>(size);
}

void ArchiveWriter::set_path(const ArchiveItem& item) {
  path_.clear();
  if (format_ == ArchiveFormat::zip)
    append_for_zip(item.path, path_);
  else
    path_ = item.path;
  if (item.is_directory) path_ += '/';
  archive_entry_copy_pathname(entry_, path_.c_str());
}

// The owner of a file is no business of its readers. ARCHIVE_WARN: the name of a tar entry is not
// UTF-8, and its record says so.
bool ArchiveWriter::begin(const ArchiveItem& item) {
  archive_entry_clear(entry_);
  set_path(item);
  directory_bytes_ += format_ == ArchiveFormat::zip ? directory_entry_bytes + path_.size() : 0;
  if (directory_bytes_ > most_directory_bytes) return false;
  archive_entry_set_filetype(entry_, item.is_directory ? AE_IFDIR : AE_IFREG);
  archive_entry_set_perm(entry_, item.is_directory || item.is_executable ? 0755 : 0644);
  archive_entry_set_mtime(entry_, item.mtime_seconds, 0);
  archive_entry_set_size(entry_, static_cast<la_int64_t>(item.size));
  const int result = archive_write_header(archive_, entry_);
  return !has_failed_ && (result == ARCHIVE_OK || result == ARCHIVE_WARN);
}

bool ArchiveWriter::add(std::string_view bytes) {
  const la_ssize_t written = archive_write_data(archive_, bytes.data(), bytes.size());
  return !has_failed_ && written == static_cast<la_ssize_t>(bytes.size());
}

bool ArchiveWriter::end_entry() {
  return archive_write_finish_entry(archive_) == ARCHIVE_OK && !has_failed_;
}

bool ArchiveWriter::finish() { return archive_write_close(archive_) == ARCHIVE_OK && !has_failed_; }

}  // namespace server
