import Logging
import Subprocess
import TOMLKit
