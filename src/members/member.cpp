#include "quire/members/member.h"

#include "quire/base/error.h"

namespace quire {

void Member::overfit(const FitInput& /*input*/, const Context& /*context*/) const {
  throw InputError("this member is not trained in batches", "leave out --overfit-batch");
}

}  // namespace quire
