"""China's holidays and worked weekends, as the State Council's office gives notice of them each November.

Made by deploy/national_table.py from chinesecalendar 1.11.0 (MIT); not written by hand.
"""

from config.national import table

_READ, _FAULTS = table("""v = 1
name = "国务院办公厅节假日安排"
extends = "none"

[[years]]
year = 2024
holidays = [
  { name = "元旦", from = "2024-01-01", to = "2024-01-01" },
  { name = "春节", from = "2024-02-10", to = "2024-02-17" },
  { name = "清明", from = "2024-04-04", to = "2024-04-06" },
  { name = "劳动节", from = "2024-05-01", to = "2024-05-05" },
  { name = "端午", from = "2024-06-10", to = "2024-06-10" },
  { name = "中秋", from = "2024-09-15", to = "2024-09-17" },
  { name = "国庆节", from = "2024-10-01", to = "2024-10-07" },
]
make_up = [
  { on = "2024-02-04", name = "春节" },
  { on = "2024-02-18", name = "春节" },
  { on = "2024-04-07", name = "清明" },
  { on = "2024-04-28", name = "劳动节" },
  { on = "2024-05-11", name = "劳动节" },
  { on = "2024-09-14", name = "中秋" },
  { on = "2024-09-29", name = "国庆节" },
  { on = "2024-10-12", name = "国庆节" },
]

[[years]]
year = 2025
holidays = [
  { name = "元旦", from = "2025-01-01", to = "2025-01-01" },
  { name = "春节", from = "2025-01-28", to = "2025-02-04" },
  { name = "清明", from = "2025-04-04", to = "2025-04-06" },
  { name = "劳动节", from = "2025-05-01", to = "2025-05-05" },
  { name = "端午", from = "2025-05-31", to = "2025-06-02" },
  { name = "国庆节", from = "2025-10-01", to = "2025-10-05" },
  { name = "中秋", from = "2025-10-06", to = "2025-10-06" },
  { name = "国庆节", from = "2025-10-07", to = "2025-10-08" },
]
make_up = [
  { on = "2025-01-26", name = "春节" },
  { on = "2025-02-08", name = "春节" },
  { on = "2025-04-27", name = "劳动节" },
  { on = "2025-09-28", name = "国庆节" },
  { on = "2025-10-11", name = "国庆节" },
]

[[years]]
year = 2026
holidays = [
  { name = "元旦", from = "2026-01-01", to = "2026-01-03" },
  { name = "春节", from = "2026-02-15", to = "2026-02-23" },
  { name = "清明", from = "2026-04-04", to = "2026-04-06" },
  { name = "劳动节", from = "2026-05-01", to = "2026-05-05" },
  { name = "端午", from = "2026-06-19", to = "2026-06-21" },
  { name = "中秋", from = "2026-09-25", to = "2026-09-27" },
  { name = "国庆节", from = "2026-10-01", to = "2026-10-07" },
]
make_up = [
  { on = "2026-01-04", name = "元旦" },
  { on = "2026-02-14", name = "春节" },
  { on = "2026-02-28", name = "春节" },
  { on = "2026-05-09", name = "劳动节" },
  { on = "2026-09-20", name = "国庆节" },
  { on = "2026-10-10", name = "国庆节" },
]
""")
assert _READ is not None, _FAULTS
CN = _READ
