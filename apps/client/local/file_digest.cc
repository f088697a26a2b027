// Covered by tests/client/local/file_digest_test.cc.
#include "apps/client/local/file_digest.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <span>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace client {

namespace {

// A piece takes a millisecond at most.
constexpr std::size_t piece_bytes = 256 * 1024;

}  // namespace

void FileDigest::add(std::string_view bytes) {
  stream_->add(bytes);
  size_ += bytes.size();
}

void FileDigest::reset() {
  stream_ = std::make_unique<crypto::DigestStream>(crypto::DigestStream::Algorithm::sha_256);
  size_ = 0;
}

std::optional<Sha256> FileDigest::finish() {
  Sha256 digest{};
  return stream_->finish(digest) ? std::optional(digest) : std::nullopt;
}

uring::Task<int> read_into(uring::Io& io, FileDigest& digest, int fd, std::uint64_t end) {
  if (digest.size() > end) digest.reset();
  std::vector<char> piece(digest.size() < end ? piece_bytes : 0);
  while (digest.size() < end) {
    const std::uint64_t left = end - digest.size();
    const std::span<char> space = std::span(piece).first(
        static_cast<std::size_t>(std::min<std::uint64_t>(left, piece_bytes)));
    const uring::Result read = co_await io.read(fd, space, digest.size());
    if (io.stopped()) co_return ECANCELED;
    if (!read.ok()) co_return read.error();
    if (read.count() == 0) co_return ESTALE;
    digest.add({piece.data(), read.count()});
  }
  co_return 0;
}

uring::Task<int> read_file_into(uring::Io& io, FileDigest& digest, const std::string& name) {
  const uring::OpenHow how{.flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK};
  const uring::Result opened = co_await io.open(AT_FDCWD, name.c_str(), how);
  if (!opened.ok()) co_return opened.error();
  struct stat facts {};
  int error = ::fstat(opened.value, &facts) == 0 ? 0 : errno;
  if (error == 0 && !S_ISREG(facts.st_mode)) error = EINVAL;
  if (error == 0) {
    const auto size = static_cast<std::uint64_t>(facts.st_size);
    const int read = co_await read_into(io, digest, opened.value, size);
    error = read;
  }
  io.engine().close(opened.value);
  co_return error;
}

}  // namespace client
