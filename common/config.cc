#include "common/config.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/flags/reflection.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "common/flag_types.h"
#include "common/nearest_name.h"
#include "common/status.h"
#include "common/yaml_node.h"

ABSL_FLAG(std::string, config, "", "YAML file of settings: the names of these flags, and their values");
ABSL_FLAG(bool, check_config, false, "says whether the settings are valid, and ends");
ABSL_FLAG(bool, health_check, false, "asks the server that runs with these settings whether it serves, and ends");
ABSL_FLAG(bool, help, false, "lists the flags, and ends");

namespace campaign {
namespace {

using Flags = std::map<std::string, absl::CommandLineFlag*>;
// A name and a value, in the order of the command line.
using Arguments = std::vector<std::pair<std::string, std::string>>;

// They say what to do, not how, and stand on the command line only.
bool IsMode(absl::string_view name) {
  return name == "config" || name == "check_config" || name == "health_check" || name == "help";
}

Flags AllFlags() {
  Flags flags;
  for (const auto& [name, flag] : absl::GetAllFlags()) {
    // Abseil's own, such as --flagfile, would be a second way to say the same.
    if (!absl::StrContains(flag->Filename(), "absl/flags")) flags.emplace(name, flag);
  }
  return flags;
}

Flags Settings() {
  Flags flags = AllFlags();
  for (auto flag = flags.begin(); flag != flags.end();) flag = IsMode(flag->first) ? flags.erase(flag) : ++flag;
  return flags;
}

std::string DidYouMean(absl::string_view name, const Flags& known, absl::string_view prefix, absl::string_view suffix) {
  std::vector<std::string> names;
  for (const auto& [known_name, flag] : known) names.push_back(known_name);
  const std::string nearest = NearestName(name, names);
  if (nearest.empty()) return absl::StrCat("; known: ", absl::StrJoin(names, ", "));
  return absl::StrCat("; did you mean ", prefix, nearest, suffix, "?");
}

// Sets the flag; `place` is what an error starts with.
absl::Status Set(absl::CommandLineFlag& flag, absl::string_view place, const std::string& value) {
  std::string error;
  if (flag.ParseFrom(value, &error)) return absl::OkStatus();
  // Abseil puts its own words before those of the flag's type.
  absl::string_view bound = error;
  absl::ConsumePrefix(&bound, absl::StrCat("Illegal value '", value, "' specified for flag '", flag.Name(), "'"));
  absl::ConsumePrefix(&bound, "; ");
  if (flag.IsOfType<bool>()) bound = "is neither true nor false";
  return InvalidField(place, value.empty() ? "''" : value, bound);
}

absl::StatusOr<YAML::Node> ParseFile(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  if (!file || !(text << file.rdbuf())) return InvalidField("--config", path, "cannot be read, or is empty");
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(text.str());
    if (documents.size() > 1) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ":", LineOf(documents[1]), ": a second document; there may be one"));
    }
    return documents.empty() ? YAML::Node() : documents[0];
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(absl::StrCat(path, ":", std::max(error.mark.line, 0) + 1, ": ", error.msg));
  }
}

absl::Status ApplyEntry(const std::string& path, const YAML::Node& key, const YAML::Node& value, const Flags& settings,
                        std::set<std::string>& seen) {
  const std::string line = absl::StrCat(path, ":", LineOf(key), ": ");
  if (!key.IsScalar()) {
    return absl::InvalidArgumentError(absl::StrCat(line, "a key is a name, not ", DescribeNode(key)));
  }
  const std::string& name = key.Scalar();
  const auto setting = settings.find(name);
  if (setting == settings.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat(line, "unknown key '", name, "'", DidYouMean(name, settings, "'", "'")));
  }
  if (!seen.insert(name).second) return absl::InvalidArgumentError(absl::StrCat(line, "key '", name, "' comes twice"));
  if (!value.IsScalar()) {
    return absl::InvalidArgumentError(absl::StrCat(line, name, ": wants one value, has ", DescribeNode(value)));
  }
  return Set(*setting->second, line + name, value.Scalar());
}

absl::Status ApplyFile(const std::string& path) {
  ASSIGN_OR_RETURN(const YAML::Node document, ParseFile(path));
  // A file of comments alone says nothing.
  if (document.IsNull()) return absl::OkStatus();
  if (!document.IsMap()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ":", LineOf(document), ": wants a map of settings, has ", DescribeNode(document)));
  }
  const Flags settings = Settings();
  std::set<std::string> seen;
  for (const auto& entry : document) {
    RETURN_IF_ERROR(ApplyEntry(path, entry.first, entry.second, settings, seen));
  }
  return absl::OkStatus();
}

// "--name=value", "--name value", or "--name" for a bool.
absl::StatusOr<Arguments> ParseArguments(int argc, const char* const* argv, const Flags& flags) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    absl::string_view word = argv[i];
    if (!absl::ConsumePrefix(&word, "--")) return InvalidField("argument", argv[i], "is not a flag");
    const size_t equals = word.find('=');
    const std::string name(word.substr(0, equals));
    const auto flag = flags.find(name);
    if (flag == flags.end()) {
      return absl::InvalidArgumentError(absl::StrCat("unknown flag --", name, DidYouMean(name, flags, "--", "")));
    }
    if (equals != word.npos) {
      arguments.emplace_back(name, word.substr(equals + 1));
    } else if (flag->second->IsOfType<bool>()) {
      arguments.emplace_back(name, "true");
    } else if (++i < argc) {
      arguments.emplace_back(name, argv[i]);
    } else {
      return absl::InvalidArgumentError(absl::StrCat("--", name, " has no value"));
    }
  }
  return arguments;
}

}  // namespace

absl::Status ReadSettings(int argc, const char* const* argv) {
  const Flags flags = AllFlags();
  ASSIGN_OR_RETURN(const Arguments arguments, ParseArguments(argc, argv, flags));
  const auto apply = [&](bool modes) {
    for (const auto& [name, value] : arguments) {
      if (IsMode(name) == modes) RETURN_IF_ERROR(Set(*flags.at(name), absl::StrCat("--", name), value));
    }
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(apply(true));
  if (const std::string path = absl::GetFlag(FLAGS_config); !path.empty()) RETURN_IF_ERROR(ApplyFile(path));
  return apply(false);
}

absl::Status RequireSettings(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (absl::FindCommandLineFlag(name)->CurrentValue().empty()) {
      return absl::InvalidArgumentError(absl::StrCat("--", name, " is required"));
    }
  }
  return absl::OkStatus();
}

std::string DescribeSettings() {
  return absl::StrJoin(Settings(), " ", [](std::string* out, const auto& setting) {
    absl::StrAppend(out, setting.first, "=", setting.second->CurrentValue());
  });
}

std::string DescribeFlags() {
  return absl::StrJoin(AllFlags(), "", [](std::string* out, const auto& entry) {
    const std::string normal = entry.second->DefaultValue();
    absl::StrAppend(out, "  --", entry.first, ": ", entry.second->Help(), IsMode(entry.first) ? "" : "; default: ",
                    IsMode(entry.first) ? ""
                    : normal.empty()    ? "none"
                                        : normal,
                    "\n");
  });
}

bool AbslParseFlag(absl::string_view text, Address* address, std::string* error) {
  const size_t colon = text.rfind(':');
  int port = 0;
  if (colon != text.npos && colon > 0 && absl::SimpleAtoi(text.substr(colon + 1), &port) && port >= 0 &&
      port <= 65535) {
    return address->text = std::string(text), true;
  }
  *error = "is not HOST:PORT with a port from 0 to 65535";
  return false;
}

std::string AbslUnparseFlag(const Address& address) { return address.text; }

}  // namespace campaign
