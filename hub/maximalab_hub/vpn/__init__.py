"""The lab's VPN: whose devices are let in by WireGuard, and the gateway that lets them."""
