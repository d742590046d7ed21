select bot, limit_name, raw_value, value, source, valid_from, valid_to
from {{ ref("int_limits_in_force") }}
