"""What a student may write into a home, each of which would run in the server if it were read."""

from __future__ import annotations

import json

SHADOWS = {
    ".jupyter/jupyter_server_config.py": "",
    ".jupyter/jupyter_config.py": "",
    ".local/lib/python3.13/site-packages/sitecustomize.py": "",
    ".local/lib/python3.13/site-packages/usercustomize.py": "",
    "jupyterhub.py": "",
    "maximalab_recorder.py": "",
    ".local/bin/jupyterhub-singleuser": "#!/opt/lab/bin/python3\n",
}
MARK = "open('/home/student/taken-over', 'a').write(__file__)\n"
WRITE = f"""
import json, os, sys
for name, head in json.loads(sys.argv[1]).items():
    path = os.path.join("/home/student", name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(head + {MARK!r})
    os.chmod(path, 0o755)
"""
PLANT = ("python3", "-c", WRITE, json.dumps(SHADOWS))
"""The command that writes them, in the server's container."""
