#include "common/limits.h"

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "campaign/v1/limits.pb.h"
#include "common/status.h"
#include "google/protobuf/stubs/common.h"

namespace campaign {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::internal::IsStructurallyValidUTF8;

// Of a text that is refused.
constexpr size_t kShownBytes = 64;
constexpr double kUnbounded = std::numeric_limits<double>::infinity();

struct Plan;

// What to check of one field. Fields with nothing to check have no entry.
struct FieldPlan {
  const FieldDescriptor* field;
  double min = -kUnbounded;
  double max = kUnbounded;
  double max_item_bytes = kUnbounded;
  bool utf8 = false;
  const Plan* message = nullptr;  // Of a message field.
};

struct Plan {
  std::vector<FieldPlan> fields;
};

// Plans are made once for each message type and kept for the life of the process.
const Plan* PlanOf(const Descriptor* descriptor) {
  static absl::Mutex mutex(absl::kConstInit);
  static auto& plans = *new absl::flat_hash_map<const Descriptor*, std::unique_ptr<Plan>>();
  // A thread's own copy saves the lock on the hot path.
  thread_local absl::flat_hash_map<const Descriptor*, const Plan*> seen;
  if (auto it = seen.find(descriptor); it != seen.end()) return it->second;

  struct Maker {
    static const Plan* Make(const Descriptor* type) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
      auto [it, inserted] = plans.try_emplace(type);
      if (!inserted) return it->second.get();
      it->second = std::make_unique<Plan>();
      Plan* plan = it->second.get();  // Stays where it is while recursion grows the map.
      for (int i = 0; i < type->field_count(); ++i) {
        const FieldDescriptor* field = type->field(i);
        FieldPlan entry{.field = field};
        const auto& options = field->options();
        const bool limited = options.HasExtension(v1::limit);
        if (limited) {
          const v1::Limit& limit = options.GetExtension(v1::limit);
          if (limit.has_min()) entry.min = limit.min();
          if (limit.has_max()) entry.max = limit.max();
          if (limit.has_max_item_bytes()) entry.max_item_bytes = limit.max_item_bytes();
          entry.utf8 = limit.utf8();
        }
        const bool is_message = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
        if (is_message) entry.message = Make(field->message_type());
        const bool is_enum = field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM;
        if (limited || is_message || is_enum) plan->fields.push_back(entry);
      }
      return plan;
    }
  };
  absl::MutexLock lock(&mutex);
  const Plan* plan = Maker::Make(descriptor);
  seen[descriptor] = plan;
  return plan;
}

absl::Status CheckRange(const FieldPlan& plan, double value, absl::string_view unit) {
  if (value < plan.min) return InvalidField(plan.field->name(), value, absl::StrCat(unit, "is below ", plan.min));
  if (value > plan.max) return InvalidField(plan.field->name(), value, absl::StrCat(unit, "is above ", plan.max));
  // NaN passes no comparison.
  if (value != value) return InvalidField(plan.field->name(), "NaN", "is not a number");
  return absl::OkStatus();
}

absl::Status CheckEnum(const FieldPlan& plan, int value) {
  if (plan.field->enum_type()->FindValueByNumber(value) != nullptr) return absl::OkStatus();
  return InvalidField(plan.field->name(), value, absl::StrCat("is no ", plan.field->enum_type()->name()));
}

absl::Status CheckMessage(const Message& message, const Plan& plan);

absl::Status CheckRepeated(const Message& message, const Reflection& reflection, const FieldPlan& plan) {
  const FieldDescriptor* field = plan.field;
  const int size = reflection.FieldSize(message, field);
  RETURN_IF_ERROR(CheckRange(plan, size, "elements "));
  for (int i = 0; i < size; ++i) {
    absl::Status status;
    if (plan.message != nullptr) {
      status = CheckMessage(reflection.GetRepeatedMessage(message, field, i), *plan.message);
      if (!status.ok()) return WithFieldPrefix(absl::StrCat(field->name(), "[", i, "]"), status);
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
      RETURN_IF_ERROR(CheckEnum(plan, reflection.GetRepeatedEnumValue(message, field, i)));
    } else if (plan.max_item_bytes != kUnbounded) {
      std::string scratch;
      const size_t bytes = reflection.GetRepeatedStringReference(message, field, i, &scratch).size();
      if (bytes > plan.max_item_bytes) {
        return InvalidField(absl::StrCat(field->name(), "[", i, "]"), bytes,
                            absl::StrCat("bytes is above ", plan.max_item_bytes));
      }
    }
  }
  return absl::OkStatus();
}

absl::Status CheckSingular(const Message& message, const Reflection& reflection, const FieldPlan& plan) {
  const FieldDescriptor* field = plan.field;
  if (plan.message != nullptr) {
    if (!reflection.HasField(message, field)) return absl::OkStatus();
    return WithFieldPrefix(field->name(), CheckMessage(reflection.GetMessage(message, field), *plan.message));
  }
  // An optional field or a member of a oneof that is not set has nothing to check. In proto2 all are optional, and what
  // is not set counts as empty.
  const bool may_be_unset = field->has_presence() && field->file()->syntax() == FileDescriptor::SYNTAX_PROTO3;
  if (may_be_unset && !reflection.HasField(message, field)) return absl::OkStatus();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string scratch;
      const std::string& text = reflection.GetStringReference(message, field, &scratch);
      // What proto3 itself asks.
      if (plan.utf8 && !IsStructurallyValidUTF8(text.data(), static_cast<int>(text.size()))) {
        return InvalidField(field->name(), absl::StrCat("\"", absl::CHexEscape(text.substr(0, kShownBytes)), "\""),
                            "is no UTF-8");
      }
      return CheckRange(plan, static_cast<double>(text.size()), "bytes ");
    }
    case FieldDescriptor::CPPTYPE_ENUM:
      return CheckEnum(plan, reflection.GetEnumValue(message, field));
    case FieldDescriptor::CPPTYPE_INT32:
      return CheckRange(plan, reflection.GetInt32(message, field), "");
    case FieldDescriptor::CPPTYPE_INT64:
      return CheckRange(plan, static_cast<double>(reflection.GetInt64(message, field)), "");
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return CheckRange(plan, reflection.GetDouble(message, field), "");
    default:
      return absl::InternalError(absl::StrCat(field->full_name(), ": its type cannot carry a limit"));
  }
}

absl::Status CheckMessage(const Message& message, const Plan& plan) {
  const Reflection& reflection = *message.GetReflection();
  for (const FieldPlan& field : plan.fields) {
    RETURN_IF_ERROR(field.field->is_repeated() ? CheckRepeated(message, reflection, field)
                                               : CheckSingular(message, reflection, field));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckLimits(const Message& message) { return CheckMessage(message, *PlanOf(message.GetDescriptor())); }

}  // namespace campaign
