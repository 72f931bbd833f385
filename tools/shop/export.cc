#include "tools/shop/export.h"

#include <filesystem>
#include <fstream>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "google/protobuf/util/json_util.h"
#include "tools/shop/heroes.h"

namespace campaign::shop {
namespace {

// One file with a message a line.
class JsonLines {
 public:
  JsonLines(const std::string& folder, absl::string_view name)
      : path_(absl::StrCat(folder, "/", name)), file_(path_, std::ios::binary | std::ios::trunc) {}

  template <class Messages>
  void Write(const Messages& messages) {
    for (const auto& message : messages) WriteOne(message);
  }

  void WriteOne(const google::protobuf::Message& message) {
    google::protobuf::util::JsonPrintOptions options;
    options.preserve_proto_field_names = true;
    line_.clear();
    failed_ |= !google::protobuf::util::MessageToJsonString(message, &line_, options).ok();
    file_ << line_ << '\n';
    ++count_;
  }

  // The number of lines, once they are all with the operating system.
  absl::StatusOr<int64_t> Close() {
    file_.close();
    if (failed_ || file_.fail()) return absl::InternalError(absl::StrCat(path_, ": cannot be written"));
    return count_;
  }

 private:
  const std::string path_;
  std::ofstream file_;
  std::string line_;
  int64_t count_ = 0;
  bool failed_ = false;
};

struct Files {
  explicit Files(const std::string& folder)
      : customers(folder, "customers.jsonl"),
        events(folder, "events.jsonl"),
        consents(folder, "consents.jsonl"),
        suppressions(folder, "suppressions.jsonl") {}

  void Write(const Person& person) {
    customers.WriteOne(person.customer);
    events.Write(person.events);
    consents.Write(person.consents);
    suppressions.Write(person.suppressions);
  }

  JsonLines customers;
  JsonLines events;
  JsonLines consents;
  JsonLines suppressions;
};

}  // namespace

absl::StatusOr<ExportCounts> Export(const Options& options, int64_t customer_count, const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return absl::InternalError(absl::StrCat(folder, ": ", error.message()));
  Files files(folder);
  for (const Person& person : Heroes(options.now)) files.Write(person);
  const Shop shop(options);
  for (int64_t i = 0; i < customer_count; ++i) files.Write(shop.MakePerson(i));
  ExportCounts counts;
  ASSIGN_OR_RETURN(counts.customers, files.customers.Close());
  ASSIGN_OR_RETURN(counts.events, files.events.Close());
  ASSIGN_OR_RETURN(counts.consents, files.consents.Close());
  ASSIGN_OR_RETURN(counts.suppressions, files.suppressions.Close());
  return counts;
}

}  // namespace campaign::shop
