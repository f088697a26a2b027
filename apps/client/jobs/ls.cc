// The entries of a directory, as lines or events on standard output.
// Covered by tests/client/jobs/ls_test.cc.
#include <string>

#include "apps/client/command/listing_text.h"
#include "apps/client/jobs/jobs.h"
#include "apps/client/jobs/print.h"
#include "apps/client/jobs/read_listing.h"

namespace client {

uring::Task<ExitCode> ls(Channel& channel, const Job& job) {
  Url where = job.where;
  RemoteListing listing;
  const ExitCode read = co_await read_listing(channel, where, listing);
  if (read != ExitCode::ok) co_return read;
  Report& report = channel.session.report;
  for (const std::string& name : listing.refused) {
    report.warn(where.text() + ": the listing has the name '" + name +
                "', which no file here may have; it is left out");
  }
  const Settings& settings = channel.session.settings;
  if (settings.events == Events::none) {
    const Details details = settings.shows_details ? Details::shown : Details::hidden;
    const std::string text = listing_text(listing, details);
    const ExitCode printed = co_await print(channel, text);
    co_return printed;
  }
  for (const RemoteEntry& entry : listing.entries) {
    report.show_entry(url_of(where, entry).text(), entry.name,
                      entry.is_directory ? "directory" : "file", entry.size,
                      entry.modified ? format_rfc3339(*entry.modified) : std::string());
  }
  co_return ExitCode::ok;
}

}  // namespace client
