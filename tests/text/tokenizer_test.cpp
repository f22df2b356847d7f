#include "quire/text/tokenizer.h"
#include <gtest/gtest.h>
